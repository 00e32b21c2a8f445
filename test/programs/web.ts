import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../end-to-end/site.js";
import { type Ground, SERVER } from "./ground.js";

/** A certificate authority, and what it has signed for the server and for a client. */
async function certificates(ground: Ground): Promise<string> {
  const folder = ground.folder("tls");
  const openssl = (...words: string[]) => ground.atServer(["openssl", ...words]);
  const at = (name: string) => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl("req", "-x509", ...key, "-subj", "/CN=ca", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  for (const [name, subject, extension] of [
    ["server", "/CN=server", `subjectAltName=IP:${SERVER}`],
    ["client", "/CN=known client", "extendedKeyUsage=clientAuth"],
  ] as const) {
    ground.file(`tls/${name}.ext`, extension);
    const request = ["-subj", subject, "-keyout", at(`${name}.key`), "-out", at(`${name}.csr`)];
    await openssl("req", ...key, ...request);
    const ca = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"];
    const out = ["-in", at(`${name}.csr`), "-out", at(`${name}.pem`), "-extfile", at(`${name}.ext`)];
    await openssl("x509", "-req", ...ca, ...out);
  }
  return folder;
}

/** nginx: plain, with TLS and HTTP/2, and one server that asks for the client's certificate; and git's by CGI. */
export async function startWeb(ground: Ground): Promise<void> {
  const folder = ground.folder("web");
  const tls = await certificates(ground);
  const server = `ssl_certificate ${tls}/server.pem; ssl_certificate_key ${tls}/server.key;`;
  const uses = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const configuration = ground.file(
    "nginx.conf",
    `daemon off; user root; pid ${folder}/nginx.pid; worker_processes 1;
    events { worker_connections 1024; }
    http {
      access_log off; client_max_body_size 100m; default_type application/octet-stream;
      ${uses.map((use) => `${use}_temp_path ${folder}/${use};`).join(" ")}
      server {
        listen ${SERVER}:80; root ${folder}/files; dav_methods PUT; create_full_put_path on;
        location /git/ {
          fastcgi_pass unix:${folder}/cgi.sock;
          fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
          fastcgi_param GIT_PROJECT_ROOT ${ground.directory};
          fastcgi_param GIT_HTTP_EXPORT_ALL "";
          fastcgi_param PATH_INFO $uri;
          fastcgi_param QUERY_STRING $query_string;
          fastcgi_param REQUEST_METHOD $request_method;
          fastcgi_param CONTENT_TYPE $content_type;
          fastcgi_param CONTENT_LENGTH $content_length;
          fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
        }
      }
      server { listen ${SERVER}:443 ssl http2; root ${folder}/files; ${server} }
      server {
        listen ${SERVER}:8443 ssl; ${server} ssl_client_certificate ${tls}/ca.pem; ssl_verify_client on;
        location / { return 200 $ssl_client_s_dn; }
      }
    }`,
  );
  ground.folder("web/files");
  await ground.serve(["nginx", "-e", `${folder}/error.log`, "-c", configuration], 80);
}

export function webCases(ground: () => Ground): void {
  const url = (path: string, scheme = "http") => `${scheme}://${SERVER}${path}`;
  const curl = (...words: string[]) => ground().client(["curl", "-sS", "--fail", ...words]);

  test("curl and nginx: twenty files on one kept connection, and ranges of one", async () => {
    const hashes = Array.from({ length: 20 }, (_, i) => ground().blob(`web/files/kept${i}`, 20_000 + i));
    const folder = ground().folder("kept");
    const transfers = hashes.flatMap((_, i) => ["-o", join(folder, `${i}`), url(`/kept${i}`)]);
    const connections = await curl("-w", "%{num_connects}\n", ...transfers);
    const [first, ...others] = connections.trim().split("\n").map(Number);
    assert.equal(first, 1);
    assert.ok(others.every((count) => count === 0));
    assert.deepEqual(
      hashes.map((_, i) => sha256(readFileSync(join(folder, `${i}`)))),
      hashes,
    );
    const whole = readFileSync(join(ground().directory, "web/files/kept0"));
    const part = join(folder, "part");
    await curl("-r", "5000-14999", "-o", part, url("/kept0"));
    assert.deepEqual(readFileSync(part), whole.subarray(5000, 15_000));
    await curl("-r", "-300", "-o", part, url("/kept0"));
    assert.deepEqual(readFileSync(part), whole.subarray(-300));
  });

  test("curl and nginx: HTTP/2, thirty streams at once", async () => {
    const hashes = Array.from({ length: 30 }, (_, i) => ground().blob(`web/files/stream${i}`, 50_000 + i));
    const folder = ground().folder("streams");
    const transfers = hashes.flatMap((_, i) => ["-o", join(folder, `${i}`), url(`/stream${i}`, "https")]);
    const authority = ["--cacert", join(ground().directory, "tls/ca.pem")];
    const form = ["--http2", "--parallel", "--parallel-max", "30", "-w", "%{http_version} %{num_connects}\n"];
    const lines = (await curl(...authority, ...form, ...transfers)).trim().split("\n");
    assert.equal(lines.length, 30);
    assert.ok(
      lines.every((line) => line.startsWith("2 ")),
      lines.join(),
    );
    assert.deepEqual(
      hashes.map((_, i) => sha256(readFileSync(join(folder, `${i}`)))),
      hashes,
    );
  });

  test("curl and nginx: an upload of 5 MB", async () => {
    const hash = ground().blob("upload", 5_000_000);
    await curl("-T", join(ground().directory, "upload"), url("/uploaded"));
    assert.equal(sha256(readFileSync(join(ground().directory, "web/files/uploaded"))), hash);
  });

  test("TLS with a client's certificate, and without one", async () => {
    const tls = join(ground().directory, "tls");
    const authority = ["--cacert", `${tls}/ca.pem`];
    const known = ["--cert", `${tls}/client.pem`, "--key", `${tls}/client.key`];
    assert.equal(await curl(...authority, ...known, `https://${SERVER}:8443/`), "CN=known client");
    const words = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", ...authority];
    assert.equal(await ground().client([...words, `https://${SERVER}:8443/`]), "400");
  });
}
