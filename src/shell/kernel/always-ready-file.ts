/** What poll(2) says of an open file that never blocks: regular files, most devices, what is made up when it is read. */
export class AlwaysReadyFile {
  readable(): boolean {
    return true;
  }

  onReadable(wake: () => void): () => void {
    wake();
    return () => {};
  }

  onWritable(wake: () => void): () => void {
    wake();
    return () => {};
  }
}
