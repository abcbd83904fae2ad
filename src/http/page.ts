import type { Request } from 'express';

/** The body of a page of a list. The URLs of the next and previous page start as the caller's URL does. */
export function pageBody<T>(
  request: Request,
  query: { page: number; page_size: number },
  count: number,
  results: T[],
): { count: number; next: string | null; previous: string | null; results: T[] } {
  const address = (page: number) => {
    const url = new URL(request.originalUrl, originOf(request));
    url.searchParams.set('page', String(page));
    return url.href;
  };
  return {
    count,
    next: query.page * query.page_size < count ? address(query.page + 1) : null,
    previous: query.page > 1 ? address(query.page - 1) : null,
    results,
  };
}

/** The origin that the caller used. An invalid Host header, which only a broken client sends, is ignored. */
function originOf(request: Request): string {
  const host: string | undefined = request.host;
  const origin = `${request.protocol}://${host ?? ''}`;
  return URL.canParse(origin) ? origin : 'http://localhost';
}
