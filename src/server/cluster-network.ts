/** The way from the API server to the programs of Pods, for the proxy subresources. */
export interface ClusterNetwork {
  /** One HTTP exchange. Rejects with an Error in the words of Go's dialer ("dial tcp …: connect: connection refused"). */
  fetch(request: ForwardedRequest): Promise<ForwardedResponse>;
}

export interface ForwardedRequest {
  readonly ip: string;
  readonly port: number;
  readonly method: string;
  /** With the query, percent-encoded. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
}

export interface ForwardedResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
}
