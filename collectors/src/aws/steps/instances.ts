import { DescribeInstancesCommand, EC2Client, type Instance } from "@aws-sdk/client-ec2";
import { toInstance } from "../convert/instance.ts";
import { listed, type Step, toPaging } from "../step.ts";

/** An instance with the account of its reservation; it does not say itself whose it is. */
interface OwnedInstance {
  readonly instance: Instance;
  readonly owner: string | undefined;
}

export const instanceStep: Step<"instance", EC2Client, OwnedInstance> = {
  kind: "instance",
  service: EC2Client,
  operation: "ec2:DescribeInstances",
  namesNetworks: true,
  async page(client, request) {
    const answer = await client.send(new DescribeInstancesCommand(toPaging(request)), { abortSignal: request.signal });
    return {
      items: listed(answer.Reservations, "Reservations").flatMap((reservation) =>
        listed(reservation.Instances, "Instances").map((instance) => ({ instance, owner: reservation.OwnerId })),
      ),
      next: answer.NextToken || undefined,
    };
  },
  owner: ({ owner }) => owner,
  label: ({ instance }) => instance.InstanceId,
  convert: ({ instance }, place) => toInstance(instance, place),
};
