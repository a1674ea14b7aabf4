// Lets pytest call a client library: a JSON line in names a call, a JSON line out tells its answer.
import { createInterface } from 'node:readline';

// `calls` are functions of the client and the arguments; `clientFor` makes a client that differs
// from one for Meta only in its base URL; `errorOf` reads what the library throws.
export async function serve({ clientFor, calls, errorOf }) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, access, args } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(await outcome(call, access, args))}\n`);
  }

  async function outcome(call, access, args) {
    if (call === 'calls') return { answer: Object.keys(calls) };
    try {
      return { answer: (await calls[call](clientFor(access), args, access)) ?? null };
    } catch (error) {
      return { error: { name: error.name, message: error.message, ...errorOf(error) } };
    }
  }
}
