import { DescribeSubnetsCommand, EC2Client, type Subnet } from "@aws-sdk/client-ec2";
import { toSubnet } from "../convert/subnet.ts";
import { listed, type Step, toPaging } from "../step.ts";

export const subnetStep: Step<"subnet", EC2Client, Subnet> = {
  kind: "subnet",
  service: EC2Client,
  operation: "ec2:DescribeSubnets",
  async page(client, request) {
    const answer = await client.send(new DescribeSubnetsCommand(toPaging(request)), { abortSignal: request.signal });
    return { items: listed(answer.Subnets, "Subnets"), next: answer.NextToken || undefined };
  },
  networkOwner: (subnet) => ({ networkId: subnet.VpcId, owner: subnet.OwnerId }),
  label: (subnet) => subnet.SubnetId,
  convert: toSubnet,
};
