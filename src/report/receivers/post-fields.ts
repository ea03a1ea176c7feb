import type { HttpAnswer } from "../../host/network/http.ts";
import type { Answered } from "./exchange.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Posts to a forge; a field that it objects to is left out, because the state counts. */
export async function postFields(
  fields: Fields,
  post: (fields: Fields) => Promise<Answered>,
): Promise<Answered> {
  const answer = await post(fields);
  const refused = Object.keys(fields).filter((field) => objectsTo(field, answer));
  if (refused.length === 0) return answer;
  const left = Object.entries(fields).filter(([field]) => !refused.includes(field));
  return await postFields(Object.fromEntries(left), post);
}

function objectsTo(field: string, { status, text }: HttpAnswer): boolean {
  switch (field) {
    case "target_url":
    case "log_url":
    case "description":
      return (status === 400 || status === 422) && text.includes(field);
    // The pipeline is gone, or is one of another commit: GitLab then finds or makes one itself.
    case "pipeline_id":
      return status === 404 && /\bpipeline\b/i.test(text);
    default:
      return false;
  }
}
