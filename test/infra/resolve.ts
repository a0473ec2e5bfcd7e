const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": "eu-west-1",
  "AWS::AccountId": "123456789012",
  "AWS::URLSuffix": "amazonaws.com",
};

/** What CloudFormation would make of a value, near enough to be read: references become names of the right form. */
export function resolve(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(resolve);
  if ("Ref" in value) return PSEUDO[String(value.Ref)] ?? String(value.Ref);
  if ("Fn::GetAtt" in value) {
    const [id, attribute] = value["Fn::GetAtt"] as string[];
    if (attribute === "ApiEndpoint") return "https://abc.execute-api.eu-west-1.amazonaws.com";
    return `arn:aws:kms:eu-west-1:123456789012:key/${id}`;
  }
  if ("Fn::Join" in value) {
    const [separator, parts] = value["Fn::Join"] as [string, unknown[]];
    return parts.map(resolve).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolve(one)]));
}
