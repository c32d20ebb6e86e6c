/** Addresses that every machine understands as its own or its link's, and that therefore name no endpoint. */
import { parseIp } from "../validation/ip.ts";

/** In upstream's words; a text that is no address at all is said to be none. */
export function specialIpProblems(ip: string): string[] {
  const address = parseIp(ip);
  if (address === undefined) return ["must be a valid IP address"];
  const problems: string[] = [];
  const [a = 0, b = 0, c = 0] = address;
  const four = address.length === 4;
  if (address.every((byte) => byte === 0)) problems.push(`may not be unspecified (${ip})`);
  if (four ? a === 127 : address.at(-1) === 1 && address.slice(0, -1).every((byte) => byte === 0)) {
    problems.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  }
  if (four ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) problems.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  if (four ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 2) {
    problems.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return problems;
}
