import { paginateGetParametersByPath, type SSMClient } from "@aws-sdk/client-ssm";
import { parseTargetFile, TargetError, type TlsTarget } from "@cadastre/collectors/endpoints/targets";

/**
 * TLS targets from the SSM parameters under a path, each of them a list as in a targets file (a parameter holds at most 4 KB, or
 * 8 KB in the advanced tier, so that there may be many). Throws TargetError that names each bad parameter and line, and when
 * there is none.
 */
export async function readTargets({ client, path }: { client: SSMClient; path: string }): Promise<TlsTarget[]> {
  const targets = new Map<string, TlsTarget>();
  const problems: string[] = [];
  for await (const page of paginateGetParametersByPath({ client }, { Path: path, Recursive: true })) {
    for (const { Name = "", Value = "" } of page.Parameters ?? []) {
      try {
        for (const target of parseTargetFile(Value)) targets.set(target.id, target);
      } catch (error) {
        if (!(error instanceof TargetError)) throw error;
        problems.push(`parameter ${Name}: ${error.message}`);
      }
    }
  }
  if (problems.length > 0) throw new TargetError(problems.join("\n"));
  if (targets.size === 0) throw new TargetError(`no parameter under ${path} names a target`);
  return [...targets.values()];
}
