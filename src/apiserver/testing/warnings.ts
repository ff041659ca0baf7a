import type { TestServer } from './test-server.ts';

/** The texts of the Warning headers that a write is answered with. Rejects if it is refused. */
export async function warningsOf(server: TestServer, path: string, object: object, method = 'POST'): Promise<string[]> {
  const { status, headers, body } = await server.ask(method, path, object);
  if (status >= 300) throw new Error(JSON.stringify(body));
  return [headers.warning ?? []].flat().map((text) => text.replace(/^299 - "|"$/g, '').replaceAll('\\"', '"'));
}
