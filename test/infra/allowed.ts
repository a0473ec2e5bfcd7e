interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: a template's properties, as deep as they are.
type Resources = Readonly<Record<string, { readonly Type: string; readonly Properties: any }>>;

/** The statements of the identity policies of a function's role, by the function's physical name. */
export function statementsOf(resources: Resources, functionName: string): Statement[] {
  const found = Object.values(resources).find(
    ({ Type, Properties }) => Type === "AWS::Lambda::Function" && Properties.FunctionName === functionName,
  );
  const role = found?.Properties.Role["Fn::GetAtt"][0];
  return Object.values(resources).flatMap(({ Type, Properties }) =>
    Type === "AWS::IAM::Policy" && Properties.Roles.some((one: { Ref?: string }) => one.Ref === role)
      ? Properties.PolicyDocument.Statement
      : [],
  );
}

/** The actions that a function's role allows. */
export function allowedActions(resources: Resources, functionName: string): string[] {
  const allowing = statementsOf(resources, functionName).filter(({ Effect }) => Effect === "Allow");
  return [...new Set(allowing.flatMap(({ Action }) => Action))].sort();
}
