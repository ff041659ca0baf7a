/** One step of a story: a request, to ours and to the other server alike. */
export interface CompareRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query; `$ns` stands for the namespace of this run, `$(metadata.uid)` for a field of the answer before. The body may hold them too. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

/** Requests that belong together, in order; what they leave behind goes with the namespace of the run. */
export interface CompareCase {
  readonly name: string;
  readonly requests: readonly CompareRequest[];
}

export interface CompareAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The Warning headers, in order. */
  readonly warnings?: readonly string[];
  /** Data where it is JSON or YAML, else text. */
  readonly body: unknown;
  /** It is JSON in which characters stand that Go writes as escapes. */
  readonly unescaped?: boolean;
}

/** What answers requests: ours in this process, a URL, or a recording. */
export interface Target {
  readonly name: string;
  ask(request: CompareRequest): Promise<CompareAnswer>;
}
