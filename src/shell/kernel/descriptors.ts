import type { OpenFile } from './open-file.ts';
import { SystemError } from './types.ts';

/** Most descriptors a process may have (RLIMIT_NOFILE). */
const descriptorLimit = 1024;

/** A process's descriptors; shares open files with other processes by counting references. */
export class DescriptorTable {
  readonly #files: (OpenFile | undefined)[] = [];

  get(fd: number): OpenFile {
    const file = this.#files[fd];
    if (!file) throw new SystemError('EBADF');
    return file;
  }

  peek(fd: number): OpenFile | undefined {
    return this.#files[fd];
  }

  /** Puts a file at the lowest free number. */
  add(file: OpenFile): number {
    let fd = 0;
    while (this.#files[fd]) fd += 1;
    if (fd >= descriptorLimit) {
      if (file.references === 0) file.release();
      throw new SystemError('EMFILE');
    }
    this.#files[fd] = file;
    file.references += 1;
    return fd;
  }

  /** Puts a file at `fd`, closing what was there. */
  set(fd: number, file: OpenFile): void {
    if (fd < 0 || fd >= descriptorLimit) throw new SystemError('EBADF');
    file.references += 1;
    const before = this.#files[fd];
    this.#files[fd] = file;
    if (before) drop(before);
  }

  close(fd: number): void {
    const file = this.get(fd);
    this.#files[fd] = undefined;
    drop(file);
  }

  closeFrom(first: number): void {
    for (let fd = first; fd < this.#files.length; fd += 1) {
      const file = this.#files[fd];
      this.#files[fd] = undefined;
      if (file) drop(file);
    }
    if (this.#files.length > first) this.#files.length = first;
  }

  numbers(): number[] {
    const numbers: number[] = [];
    for (let fd = 0; fd < this.#files.length; fd += 1) if (this.#files[fd]) numbers.push(fd);
    return numbers;
  }
}

function drop(file: OpenFile): void {
  file.references -= 1;
  if (file.references === 0) file.release();
}
