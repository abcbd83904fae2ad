/**
 * The part of php-wasm that is used here. The packages are installed for one suite alone, so the type check
 * must not need them. https://wordpress.github.io/wordpress-playground/api/universal
 */

declare module '@php-wasm/universal' {
  /** One request, or one script. PHP forgets everything between two of them, as under a web server. */
  export interface PHPRunOptions {
    scriptPath: string;
    relativeUri: string;
    method: string;
    headers: Record<string, string>;
    body?: Uint8Array;
    $_SERVER: Record<string, string>;
  }

  export interface StreamedPHPResponse {
    readonly httpStatusCode: Promise<number>;
    readonly headers: Promise<Record<string, string[]>>;
    readonly stdout: ReadableStream<Int8Array>;
    readonly stderrText: Promise<string>;
    readonly exitCode: Promise<number>;
  }

  export class FileLockManagerInMemory {}

  export class PHP {
    constructor(runtime: number);
    runStream(request: PHPRunOptions): Promise<StreamedPHPResponse>;
    onMessage(listener: (message: string) => void): void;
  }

  export function setPhpIniEntries(php: PHP, entries: Record<string, string>): Promise<void>;
}

declare module '@php-wasm/node' {
  import type { FileLockManagerInMemory, PHP } from '@php-wasm/universal';

  export function loadNodeRuntime(
    version: string,
    options: { fileLockManager: FileLockManagerInMemory; emscriptenOptions: { processId: number } },
  ): Promise<number>;
  export function useHostFilesystem(php: PHP): void;
}
