import {
  CfnOutput,
  CfnParameter,
  DefaultStackSynthesizer,
  type IStackSynthesizer,
  Stack,
  Token,
  Validations,
} from "aws-cdk-lib";
import { ArnPrincipal, PolicyDocument, Role } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { documentedStatements, EVERY_RESOURCE } from "../permissions.ts";

/**
 * The role that the AWS collector enters member accounts by: read only, by the collectors' roles alone, with an external id. The
 * template stands on its own and needs no bootstrap, so that it can be a StackSet over an organization.
 */
export class ReaderRoleStack extends Stack {
  constructor(scope: Construct, id: string, { tags }: { readonly tags: Readonly<Record<string, string>> }) {
    super(scope, id, {
      tags,
      description: "Lets the Cadastre collector read networks, machines and addresses of this account",
      // The library's own classes miss its interface under exactOptionalPropertyTypes.
      synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer,
    });
    const collectorRoles = new CfnParameter(this, "CollectorRoleArns", {
      type: "CommaDelimitedList",
      description: "ARNs of the collectors' roles, an output of the service's stack (AwsCollectorRoles)",
      allowedPattern: "^arn:aws[a-z-]*:iam::[0-9]{12}:role/[^,]+$",
    });
    const externalId = new CfnParameter(this, "ExternalId", {
      description: "As in the collector's configuration; nobody else should be able to guess it",
      minLength: 16,
      maxLength: 1224,
    });
    const roleName = new CfnParameter(this, "RoleName", { default: "cadastre-reader" });
    const role = new Role(this, "Reader", {
      roleName: roleName.valueAsString,
      description: "Read by the Cadastre collector; it can change nothing",
      assumedBy: new ArnPrincipal(Token.asString({ Ref: collectorRoles.logicalId })).withConditions({
        StringEquals: { "sts:ExternalId": externalId.valueAsString },
      }),
      inlinePolicies: { read: new PolicyDocument({ statements: documentedStatements("aws-reader") }) },
    });
    Validations.of(role).acknowledge(EVERY_RESOURCE);
    new CfnOutput(this, "RoleArn", { value: role.roleArn });
  }
}
