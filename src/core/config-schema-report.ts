import * as v from "valibot";
import {
  absolutePath,
  argv,
  fractionOfSeconds,
  someSeconds,
  someText,
} from "./config-schema-parts.ts";
import {
  linkAddress,
  receiverAddress,
  receiverName,
  repositoryName,
  secretFile,
  topicAddress,
} from "./config-schema-report-parts.ts";
import { END_EVENTS, FORGE_EVENTS, REPORT_DEFAULTS } from "./report-defaults.ts";
import { STATES } from "./states.ts";

const noSecret = v.optional(v.nullable(secretFile), null);

const common = <Kind extends string>(kind: Kind, events: readonly (typeof STATES)[number][]) => ({
  kind: v.literal(kind),
  name: v.optional(receiverName, kind),
  events: v.optional(
    v.pipe(v.array(v.picklist(STATES)), v.minLength(1, "must name a state, or be left out")),
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

/** One entry of `report.receivers`, its defaults filled in; also kept with what is owed to it. */
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
      v.startsWith("!", "must be the id of a room, such as !abc:example.org"),
    ),
    tokenFile: secretFile,
  }),
  v.strictObject({ ...common("command", END_EVENTS), command: argv }),
]);

/** The index of the first that bears a name is its own. */
function isNameNew(item: Named, index: number, all: readonly Named[]): boolean {
  return all.findIndex(({ name }) => name === item.name) === index;
}

type Named = { readonly name: string };

const NAMED_TWICE = "has a name that another receiver has: give it a name of its own";

/** In `/` itself its folder would be all there is, and a unit may write into its folder. */
const metricsFile = v.pipe(
  absolutePath,
  v.endsWith(".prom", "must end in .prom"),
  v.regex(
    /^(\/[^/.][^/]*)+\/[^/]*$/,
    "must be in a folder below /, by a path of which no folder begins with a dot",
  ),
);

/** The key `report`. */
export const reportSchema = v.strictObject({
  receivers: v.optional(
    v.pipe(
      v.array(receiverSchema),
      v.checkItems((item, index, all) => isNameNew(item, index, all), NAMED_TWICE),
    ),
    [],
  ),
  metricsFile: v.optional(v.nullable(metricsFile), REPORT_DEFAULTS.metricsFile),
  timeout: v.optional(fractionOfSeconds, REPORT_DEFAULTS.timeout),
  retry: v.optional(
    v.pipe(
      v.strictObject({
        first: v.optional(fractionOfSeconds, REPORT_DEFAULTS.retry.first),
        most: v.optional(fractionOfSeconds, REPORT_DEFAULTS.retry.most),
      }),
      v.check(({ first, most }) => first <= most, "first must not be more than most"),
    ),
    {},
  ),
  giveUpAfter: v.optional(someSeconds, REPORT_DEFAULTS.giveUpAfter),
});
