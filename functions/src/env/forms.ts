import * as z from "zod";

/* Forms of single variables. Each says in its message what is allowed. */

export const keyArn = z
  .string()
  .regex(
    /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
    "must be a KMS key's ARN, arn:aws:kms:region:account:key/id",
  );
const tableName = z.string().regex(/^[\w.-]{3,255}$/, "must be a DynamoDB table's name");
export const busName = z.string().regex(/^[\w./-]{1,256}$/, "must be an EventBridge bus's name");
export const bucketName = z.string().regex(/^[A-Za-z0-9][\w.-]{1,253}[A-Za-z0-9]$/, "must be an S3 bucket's name");
export const wholeNumberFrom = (least: number, most: number) =>
  z
    .string()
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most,
      `must be a whole number from ${least} to ${most}`,
    );
export const wholeNumber = z.string().regex(/^\d{1,9}$/, "must be a whole number");
export const days = z.string().regex(/^[1-9]\d{0,4}$/, "must be a whole number of days from 1 to 99999");
export const apiUrl = z.url({
  protocol: /^https?$/,
  error: "must be an http or https URL such as https://cadastre.example.org",
});

/** The deployment, by which metrics are kept. */
export const deploymentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/, "must be 2 to 20 lower-case letters, digits and hyphens");
/** What metrics are kept by when nobody says. */
export const DEFAULT_DEPLOYMENT = "cadastre";

/** What everybody reads who works on the table. */
export const tableVariables = z.object({ TABLE_NAME: tableName });
