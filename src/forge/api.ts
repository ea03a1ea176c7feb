import { below, type HttpRequest, pathPart } from "../host/network/http.ts";

/** The address of a forge's API: github.com has its API on another host. */
export function apiOf({ kind, url }: { readonly kind: string; readonly url: string }): string {
  if (!kind.startsWith("github")) return below(url, "api/v1");
  const { host } = new URL(url);
  if (host === "api.github.com") return url;
  return host === "github.com" ? "https://api.github.com" : below(url, "api/v3");
}

export function headersFor(kind: string, token: string): HttpRequest["headers"] {
  if (!kind.startsWith("github")) return { Authorization: `token ${token}` };
  return {
    Accept: "application/vnd.github+json",
    Authorization: `Bearer ${token}`,
    "X-GitHub-Api-Version": "2022-11-28",
  };
}

/** `owner/name` with each part encoded for a path. @throws Error for a part that is none */
export function pathOf(repository: string): string {
  return repository.split("/").map(pathPart).join("/");
}

/** A project of GitLab in one part of a path. @throws Error for a part that is none */
export function gitlabProject(repository: string): string {
  return pathOf(repository).replaceAll("/", "%2F");
}
