import * as v from "valibot";
import { DEFAULT_CONFIG } from "./defaults.ts";
import { type State, STATES } from "../states.ts";
import {
  absolutePath,
  argv,
  fractionOfSeconds,
  type Frozen,
  linkAddress,
  receiverAddress,
  receiverName,
  repositoryName,
  secretFile,
  someSeconds,
  someText,
  topicAddress,
} from "./schema-parts.ts";

/** The default events for people. */
const END_EVENTS = ["live", "rolled-back", "failed"] as const satisfies State[];

/** A commit status starts with `scheduled` and must not stay pending. */
const FORGE_EVENTS = [
  "scheduled",
  ...END_EVENTS,
  "superseded",
  "cancelled",
] as const satisfies State[];

const noSecret = v.optional(v.nullable(secretFile), null);

const common = <Kind extends string>(kind: Kind, events: readonly State[]) => ({
  kind: v.literal(kind),
  name: v.optional(receiverName, kind),
  events: v.optional(
    v.pipe(v.array(v.picklist(STATES)), v.minLength(1, "must name a state, or be absent")),
    [...events],
  ),
  caFile: v.optional(v.nullable(absolutePath), null),
});

const forge = <Kind extends string>(kind: Kind) => ({
  ...common(kind, FORGE_EVENTS),
  url: receiverAddress,
  repository: v.optional(v.nullable(repositoryName), null),
  tokenFile: secretFile,
  link: v.optional(v.nullable(linkAddress), null),
});

const status = <Kind extends string>(kind: Kind) =>
  v.strictObject({
    ...forge(kind),
    context: v.optional(v.nullable(someText), null),
    waitForJob: v.optional(v.boolean(), false),
  });

const addressOrFile = {
  url: v.optional(v.nullable(receiverAddress), null),
  urlFile: noSecret,
};

type AddressOrFile = { readonly url: string | null; readonly urlFile: string | null };

const hasOneAddress = ({ url, urlFile }: AddressOrFile): boolean =>
  (url === null) !== (urlFile === null);

const ONE_ADDRESS = "must have either url or urlFile";

/** One entry of `report.receivers` with its defaults; each report in the outbox contains a copy. */
export const receiverSchema = v.variant("kind", [
  status("gitea"),
  status("forgejo"),
  status("github"),
  status("gitlab"),
  v.strictObject({ ...forge("github-deployment"), environment: someText }),
  v.pipe(
    v.strictObject({
      ...common("webhook", END_EVENTS),
      ...addressOrFile,
      secretFile: noSecret,
      tokenFile: noSecret,
    }),
    v.check((wanted) => hasOneAddress(wanted), ONE_ADDRESS),
  ),
  v.pipe(
    v.strictObject({
      ...common("ntfy", END_EVENTS),
      url: v.optional(v.nullable(topicAddress), null),
      urlFile: noSecret,
      tokenFile: noSecret,
    }),
    v.check((wanted) => hasOneAddress(wanted), ONE_ADDRESS),
  ),
  v.strictObject({ ...common("gotify", END_EVENTS), url: receiverAddress, tokenFile: secretFile }),
  v.strictObject({ ...common("slack", END_EVENTS), urlFile: secretFile }),
  v.strictObject({ ...common("discord", END_EVENTS), urlFile: secretFile }),
  v.strictObject({
    ...common("matrix", END_EVENTS),
    url: receiverAddress,
    room: v.pipe(
      v.string(),
      v.startsWith("!", "must be the ID of a room, such as !abc:example.org"),
    ),
    tokenFile: secretFile,
  }),
  v.strictObject({ ...common("command", END_EVENTS), command: argv }),
]);

type Named = { readonly name: string };

/** The places of the items whose name an earlier item has. */
function namedAgain(items: readonly Named[]): number[] {
  const names = new Set<string>();
  return items.flatMap(({ name }, index) => {
    const isNew = !names.has(name);
    names.add(name);
    return isNew ? [] : [index];
  });
}

const NAMED_TWICE = "has the same name as another receiver; give it another name";

/** Not in `/` itself, because a unit may write into the folder of this file. */
const metricsFile = v.pipe(
  absolutePath,
  v.endsWith(".prom", "must end in .prom"),
  v.regex(
    /^(\/[^/.][^/]*)+\/[^/]*$/,
    "must be in a folder below /, and no folder of its path may start with a dot",
  ),
);

const REPORT = DEFAULT_CONFIG.report;

export const reportSchema = v.strictObject({
  receivers: v.optional(
    v.pipe(
      v.array(receiverSchema),
      v.rawCheck(({ dataset, addIssue }) => {
        if (!dataset.typed) return;
        const input = dataset.value;
        for (const key of namedAgain(input)) {
          const value = input[key];
          addIssue({
            message: NAMED_TWICE,
            path: [{ type: "array", origin: "value", input, key, value }],
          });
        }
      }),
    ),
    [...REPORT.receivers],
  ),
  /** The textfile for Prometheus' node_exporter; null for none. */
  metricsFile: v.optional(v.nullable(metricsFile), REPORT.metricsFile),
  /** The timeout of one try in seconds. */
  timeout: v.optional(fractionOfSeconds, REPORT.timeout),
  /** The first and the maximum pause between two tries in seconds; it doubles in between. */
  retry: v.optional(
    v.pipe(
      v.strictObject({
        first: v.optional(fractionOfSeconds, REPORT.retry.first),
        most: v.optional(fractionOfSeconds, REPORT.retry.most),
      }),
      v.check(({ first, most }) => first <= most, "first must not be more than most"),
    ),
    {},
  ),
  /** Seconds after which it stops trying to deliver a report. */
  giveUpAfter: v.optional(someSeconds, REPORT.giveUpAfter),
});

export type ReportConfig = Frozen<v.InferOutput<typeof reportSchema>>;
/** A receiver of reports; docs/reports.md describes each kind. */
export type ReceiverConfig = ReportConfig["receivers"][number];
export type ReceiverOf<Kind extends ReceiverConfig["kind"]> = Extract<
  ReceiverConfig,
  { readonly kind: Kind }
>;
/** A receiver of commit statuses. */
export type ForgeReceiver = Extract<ReceiverConfig, { readonly waitForJob: boolean }>;
