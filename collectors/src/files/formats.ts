import { awsFiles } from "./aws.ts";
import type { FileFormat } from "./format.ts";
import { gcpFiles } from "./gcp.ts";

/** Every provider whose tool's output is accepted. Another one is a line here and its format's own file. */
export const FILE_FORMATS = { aws: awsFiles, gcp: gcpFiles } as const satisfies Record<string, FileFormat>;
export type FileProvider = keyof typeof FILE_FORMATS;
