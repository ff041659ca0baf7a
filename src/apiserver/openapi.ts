/** The OpenAPI documents, handed in as bytes that are read when first asked for. */
export interface OpenApiDocuments {
  v2Json(): Uint8Array | Promise<Uint8Array>;
  v2Protobuf(): Uint8Array | Promise<Uint8Array>;
  /** Path below `/openapi/v3/` (`api/v1`, `apis/apps/v1`) to the hash of its document. */
  v3Index(): Readonly<Record<string, string>>;
  v3(path: string): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}
