/** The name of a term as stored in the database, with entities. */
export function storedName(name: string): string {
  return name
    .replace(/<[^>]*>/g, '')
    .trim()
    .replace(/&(?!#?\w+;)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** The name of a term as readable text, without entities. */
export function readableName(name: string): string {
  return name.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Compares texts like MariaDB: upper and lower case are equal. */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
