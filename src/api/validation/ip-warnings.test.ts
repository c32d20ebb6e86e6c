import { expect, test } from "vitest";
import { cidrWarnings, ipWarnings } from "./ip-warnings.ts";
import { FieldPath } from "./path.ts";

const path = FieldPath.of("ip");
const future = "will be considered invalid in a future Kubernetes release";

test.each([
  ["10.0.0.1", []],
  ["010.0.0.1", [`ip: non-standard IP address "010.0.0.1" ${future}: use "10.0.0.1"`]],
  ["::ffff:1.2.3.4", [`ip: non-standard IP address "::ffff:1.2.3.4" ${future}: use "1.2.3.4"`]],
  ["2001:db8::1", []],
  ["2001:DB8:0:0::1", ['ip: IPv6 address "2001:DB8:0:0::1" should be in RFC 5952 canonical format ("2001:db8::1")']],
  ["1:0:0:2:0:0:0:3", ['ip: IPv6 address "1:0:0:2:0:0:0:3" should be in RFC 5952 canonical format ("1:0:0:2::3")']],
])("%s", (text, warnings) => {
  expect(ipWarnings(path, text)).toEqual(warnings);
});

test.each([
  ["10.0.0.0/8", []],
  ["fd00:0::/64", ['ip: IPv6 CIDR value "fd00:0::/64" should be in RFC 5952 canonical format ("fd00::/64")']],
  ["::/0", []],
])("%s", (text, warnings) => {
  expect(cidrWarnings(path, text)).toEqual(warnings);
});
