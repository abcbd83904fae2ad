import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const megabyte = Buffer.alloc(1024 * 1024, 1);

/** A small file system in memory, which a test can fill. */
export class SmallDisk {
  readonly folder: string;
  readonly #filler: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.#filler = join(folder, 'filler');
  }

  /** Mounts it at an empty folder. Throws when this machine does not allow that. */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'sitebridge-chaos', folder];
    await run('mount', options).catch((error: Error) => {
      throw new Error(
        `The disk cannot be made small: ${error.message.trim()}. This suite mounts a tmpfs and needs root with the right to mount.`,
      );
    });
    return new SmallDisk(folder);
  }

  /** Writes one file until no byte is free. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, 'w');
    try {
      // The last writes are smaller than a megabyte, because a write takes what is free.
      for (;;) await file.writeFile(megabyte);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  /** Removes that file. */
  async free(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    await run('umount', [this.folder]);
  }
}
