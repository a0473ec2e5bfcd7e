import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A stand-in for S3, as far as something is put into it: what was put, as text, by `bucket/key`. */
export async function startObjectStore() {
  const objects = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = decodeURIComponent(new URL(request.url ?? "", "http://s3").pathname.slice(1));
    if (request.method !== "PUT" || request.headers["x-amz-checksum-sha256"] === undefined) {
      response.writeHead(400).end();
      return;
    }
    objects.set(path, Buffer.concat(chunks).toString("utf8"));
    response.writeHead(200, { etag: '"1"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: objects as ReadonlyMap<string, string>,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
