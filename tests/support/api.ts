/**
 * Reads the numbers of a running DREC over HTTP.
 *
 * @module
 */

/** The API of one DREC. */
export interface Api extends Disposable {
  /**
   * Asks for JSON.
   *
   * @param path After `/api/v1/`.
   * @returns The answer.
   * @throws {Error} If the status is not 200.
   */
  get<T = Record<string, unknown>>(path: string): Promise<T>;
}

/**
 * Makes a reader.
 *
 * @param url Of the program.
 * @param options The CA to trust, PEM, and a token.
 * @returns The reader; leaving its scope closes its connections.
 */
export function createApi(
  url: string,
  { caCert, token }: { caCert?: string; token?: string } = {},
): Api {
  const client = Deno.createHttpClient(caCert === undefined ? {} : { caCerts: [caCert] });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    async get(path) {
      const response = await fetch(`${url}/api/v1/${path}`, { client, headers });
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
    [Symbol.dispose]: () => client.close(),
  };
}
