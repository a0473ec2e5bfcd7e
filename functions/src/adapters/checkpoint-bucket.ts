import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { CheckpointArchive } from "@cadastre/core/seals/ports";
import { nameOfCheckpoint } from "./checkpoint-folder.ts";

/**
 * Keeps checkpoints as objects of a bucket with Object Lock: the bucket's own retention says for how long none can be removed or
 * replaced. Needs s3:PutObject. The same object again is another version of it, which says the same.
 */
export function createCheckpointBucket({
  bucket,
  client = new S3Client(),
}: {
  bucket: string;
  client?: S3Client;
}): CheckpointArchive {
  return {
    async put(checkpoint) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: nameOfCheckpoint(checkpoint),
          Body: `${JSON.stringify(checkpoint)}\n`,
          ContentType: "application/json",
          // A bucket with Object Lock asks for a checksum.
          ChecksumAlgorithm: "SHA256",
        }),
      );
    },
  };
}
