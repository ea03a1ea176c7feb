import type { Topic } from "./topic.ts";

/** One topic as the help on the host shows it. */
export function topicLines(topic: Topic): string[] {
  const { name, title, host, nextBoot, wait, commands } = topic;
  const width = Math.max(...commands.map(([command]) => command.length));
  return [
    `${name}: ${title}`,
    "",
    `Is the host well?             ${host}`,
    `What would boot next?         ${nextBoot}`,
    `Can it wait until morning?    ${wait}`,
    "",
    ...commands.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`),
  ];
}
