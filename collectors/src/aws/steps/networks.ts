import { DescribeVpcsCommand, EC2Client, type Vpc } from "@aws-sdk/client-ec2";
import { toNetwork } from "../convert/network.ts";
import { listed, type Step, toPaging } from "../step.ts";

export const networkStep: Step<"network", EC2Client, Vpc> = {
  kind: "network",
  service: EC2Client,
  operation: "ec2:DescribeVpcs",
  async page(client, request) {
    const answer = await client.send(new DescribeVpcsCommand(toPaging(request)), { abortSignal: request.signal });
    return { items: listed(answer.Vpcs, "Vpcs"), next: answer.NextToken || undefined };
  },
  owner: (vpc) => vpc.OwnerId,
  networkOwner: (vpc) => ({ networkId: vpc.VpcId, owner: vpc.OwnerId }),
  label: (vpc) => vpc.VpcId,
  convert: toNetwork,
};
