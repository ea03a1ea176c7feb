import { send } from "../../../src/host/network/http.ts";

// Asks a server once, directly or through a proxy, and prints its answer: in a process of its own, which
// may see other files than the test.

const [url = "", proxy = null] = process.argv.slice(2);
const terms = { within: 60, proxy: { http: proxy, https: proxy, except: [] } };
const { text } = await send({ method: "GET", url, headers: {}, body: null }, terms);
process.stdout.write(text);
