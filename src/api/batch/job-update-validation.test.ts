import { expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { decode } from "../schema/decode.ts";
import { loadSchema } from "../schema/schema.ts";
import type { Job } from "../types/batch-v1.ts";
import { job } from "./job.ts";

function decoded(spec: JsonObject): Job {
  const draft = decode(loadSchema(), "io.k8s.api.batch.v1.Job", { metadata: { name: "j" }, spec }, "strict").object;
  job.defaults?.(draft as never);
  return draft as unknown as Job;
}

it("an update without a template is refused, not a broken server", () => {
  const old = decoded({ suspend: true, template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } });
  expect(job.validateUpdate?.(decoded({ suspend: true }), old).map(({ field }) => field)).toContain("spec.template.spec.containers");
});
