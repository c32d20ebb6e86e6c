import { beforeAll, expect, it } from "vitest";
import { exec, lab, run } from "../../../test/runtime-lab.ts";
import type { Lab } from "../../../test/runtime-lab.ts";

/** wget and curl against a web server of the same machine, in their own words. */
let at: Lab;
let [server, busybox, netshoot] = ["", "", ""];

beforeAll(async () => {
  at = lab();
  server = (await run(at, "nginx", undefined, {}, "web")).ip;
  busybox = (await run(at, "busybox", ["sleep", "1d"], {}, "box")).id;
  netshoot = (await run(at, "nicolaka/netshoot", ["sleep", "1d"], {}, "shoot")).id;
});

async function said(id: string, script: string): Promise<string> {
  let result: { code: number; out: string } | undefined;
  void exec(at, id, "sh", "-c", script).then((done) => (result = done));
  await at.clock.advanceTo(at.clock.now() + 600_000, () => result !== undefined);
  return `${result?.out.replaceAll(server, "IP") ?? ""}[${result?.code}]`;
}

const headers = "Server: nginx/1.29.4\nDate: Thu, 01 Jan 2026 00:0\\d:\\d\\d GMT\nContent-Type: text/html\nContent-Length: 615\nConnection: keep-alive\n";

it("wget", async () => {
  const wget = (rest: string) => said(busybox, `wget ${rest}`);
  expect(await wget(`-S -O /dev/null http://${server}`)).toMatch(new RegExp(`^Connecting to IP \\(IP:80\\)\n  HTTP/1.1 200 OK\n${headers.replace(/^(?=.)/gm, "  ")}  \nsaving to '/dev/null'\n/dev/null            100% \\|\\*{32}\\|   615  0:00:00 ETA\n'/dev/null' saved\n\\[0\\]$`));
  expect(await wget(`-O - http://${server} | head -n 1`)).toBe("Connecting to IP (IP:80)\nwriting to stdout\n-                    100% |********************************|   615  0:00:00 ETA\nwritten to stdout\n<!DOCTYPE html>\n[0]");
  expect(await wget(`-q http://${server}; wget http://${server}`)).toBe("Connecting to IP (IP:80)\nwget: can't open 'index.html': File exists\n[1]");
  expect(await wget(`-T 2 http://10.9.9.9`)).toBe("Connecting to 10.9.9.9 (10.9.9.9:80)\nwget: download timed out\n[1]");
  expect(await wget(`-qO- http://10.9.9.9`)).toBe("wget: can't connect to remote host (10.9.9.9): Operation timed out\n[1]");
  expect(await wget(`--spider http://${server}/none`)).toBe("Connecting to IP (IP:80)\nwget: server returned error: HTTP/1.1 404 Not Found\n[1]");
});

it("curl", async () => {
  const curl = (rest: string) => said(netshoot, `curl ${rest}`);
  expect(await curl(`-sv -o /dev/null http://${server}`)).toMatch(
    new RegExp(`^\\*   Trying IP:80\\.\\.\\.\n\\* Connected to IP \\(IP\\) port 80\n\\* using HTTP/1\\.x\n> GET / HTTP/1\\.1\n> Host: IP\n> User-Agent: curl/8\\.11\\.0\n> Accept: \\*/\\*\n> \n\\* Request completely sent off\n< HTTP/1\\.1 200 OK\n${headers.replace(/^(?=.)/gm, "< ")}< \n\\* Connection #0 to host IP left intact\n\\[0\\]$`),
  );
  expect(await curl(`-s -o /dev/null -w '%{http_code} %{size_download} %{content_type} %{url_effective} %{remote_ip}:%{remote_port}\\n' ${server}`)).toBe("200 615 text/html http://IP/ IP:80\n[0]");
  expect(await curl(`-s -o /dev/null -w '%{http_code} %{exitcode}\\n' ${server}:81`)).toBe("000 7\n[7]");
  expect(await curl(`-sS --resolve shop.example:80:${server} http://shop.example/ | head -n 1`)).toBe("<!DOCTYPE html>\n[0]");
  expect(await curl(`-sO http://${server}/index.html && ls index.html; curl -sfS http://${server}/none`)).toBe("index.html\ncurl: (22) The requested URL returned error: 404\n[22]");
  expect(await curl(`-sS -m 2 http://10.9.9.9; curl -sS http://10.9.9.9`)).toBe("curl: (28) Connection timed out after 2000 milliseconds\ncurl: (28) Failed to connect to 10.9.9.9 port 80 after 134000 ms: Could not connect to server\n[28]");
  expect(await curl(`-I http://${server} --silent | head -n 1 | tr -d '\\r'; curl --nonsense; curl`)).toBe("HTTP/1.1 200 OK\ncurl: option --nonsense: is unknown\ncurl: try 'curl --help' for more information\ncurl: (2) no URL specified\ncurl: try 'curl --help' for more information\n[2]");
  expect(await curl("nobody.example 2>&1 | tr '\\r' '\\n' | tail -n 1")).toBe("  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0curl: (6) Could not resolve host: nobody.example\n[0]");
  expect(await curl(`http://${server} 2>&1 >/dev/null | tr '\\r' '\\n' | tail -n 1`)).toBe("100   615  100   615    0     0   615k      0 --:--:-- --:--:-- --:--:--  615k\n[0]");
});

it("nc", async () => {
  expect(await said(busybox, `nc -zv ${server} 80; nc -zv ${server} 81; nc -w 1 10.9.9.9 80; nc nosuch 80`)).toBe("IP (IP:80) open\nnc: IP (IP:81): Connection refused\nnc: timed out\nnc: bad address 'nosuch'\n[1]");
  expect(await said(netshoot, `nc -zv ${server} 80; nc -zv -w 1 10.9.9.9 80; nc -zv ${server} 81`)).toBe("Connection to IP 80 port [tcp/http] succeeded!\nnc: connect to 10.9.9.9 port 80 (tcp) timed out: Operation in progress\nnc: connect to IP port 81 (tcp) failed: Connection refused\n[1]");
  expect(await said(busybox, `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc ${server} 80 | sed -n '1p;/title/p'`)).toBe("HTTP/1.1 200 OK\r\n<title>Welcome to nginx!</title>\n[0]");
  expect(await said(busybox, "nc -l -p 9000 > got & sleep 1; echo over the wire | nc 127.0.0.1 9000; wait; cat got; nc -z 127.0.0.1 9000 || echo gone")).toBe("over the wire\nnc: 127.0.0.1 (127.0.0.1:9000): Connection refused\ngone\n[0]");
});
