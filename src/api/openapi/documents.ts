/**
 * All that makes documents, texts included, as one module to be loaded when the first document is asked for: a cluster that nobody asks
 * to describe itself neither loads it nor keeps it.
 */
export { texts } from "../descriptions/texts.ts";
export { apiModel } from "./api-model.ts";
export { swaggerProtobuf } from "./protobuf.ts";
export { documentV2 } from "./v2.ts";
export { documentV3 } from "./v3.ts";
