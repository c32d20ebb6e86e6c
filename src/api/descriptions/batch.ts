import type { TextTable } from "../openapi/texts.ts";

export const batchTexts: TextTable = {};
