import { RawConnection, refused, type Target } from './raw-connection.ts';

const newline = 10;

/** A watch on a connection of its own. Events are told apart by their line ends alone, so that a thousand watchers cost little. */
export class Watcher {
  private constructor(readonly connection: RawConnection) {}

  /** Resolves once the server has accepted the watch. `onEvent` is called at the end of each frame; bookmarks are frames too. */
  static async open(target: Target, path: string, onEvent: () => void): Promise<Watcher> {
    return Watcher.#open(target, path, (bytes) => {
      for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) onEvent();
    });
  }

  /** As `open`, with each event's object. */
  static async objects<T>(target: Target, path: string, onObject: (object: T) => void): Promise<Watcher> {
    let rest = '';
    return Watcher.#open(target, path, (bytes) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onObject((JSON.parse(line) as { object: T }).object);
    });
  }

  close(): void {
    this.connection.close();
  }

  static async #open(target: Target, path: string, onBody: (bytes: Buffer) => void): Promise<Watcher> {
    const connection = await RawConnection.open(target);
    const request = { method: 'GET', path };
    await new Promise<void>((resolve, reject) => {
      connection
        .send(request, { onBody, onHead: (status) => status < 300 && resolve() })
        .then((answer) => reject(refused(request, answer)))
        .catch(reject);
    });
    return new Watcher(connection);
  }
}
