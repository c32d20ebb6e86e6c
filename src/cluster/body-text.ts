import type { ApiResponse } from "../server/request.ts";

/** All that an answer writes, as text: at once, or when its stream ends. Undefined for a watch, or an object that was not encoded. */
export function bodyText({ body }: ApiResponse): Promise<string | undefined> {
  const decoder = new TextDecoder();
  if (body.type === "none") return Promise.resolve("");
  if (body.type === "bytes") return Promise.resolve(body.parts.map((part) => decoder.decode(part, { stream: true })).join(""));
  if (body.type !== "stream") return Promise.resolve(undefined);
  return new Promise((resolve) => {
    let text = "";
    body.start({
      write(bytes) {
        text += decoder.decode(bytes, { stream: true });
        return true;
      },
      drained: (next) => next(),
      end: () => resolve(text),
      closed: () => undefined,
    });
  });
}
