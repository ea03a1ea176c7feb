/** Lets the simulation look for every planted defect, and prints one line for each. */
import { MUTANTS, type Mutant } from "./mutants.ts";
import { planOf } from "./plan.ts";
import { ownThisProcess, Runner } from "./runner.ts";

/** The seed that finds it; null if none does within its number of runs. */
async function seedThatFinds({ edits, seed: likely, within }: Mutant): Promise<number | null> {
  const runner = await Runner.make(edits);
  const finds = async (seed: number): Promise<boolean> =>
    (await runner.run(planOf(seed))).wrong.length > 0;
  if (await finds(likely)) return likely;
  for (let seed = 1; seed <= within; seed++) if (await finds(seed)) return seed;
  return null;
}

ownThisProcess();
const share = Number(process.env["SHARE"] ?? 0);
const shares = Number(process.env["SHARES"] ?? 1);
for (const [index, mutant] of MUTANTS.entries()) {
  if (index % shares !== share) continue;
  const seed = await seedThatFinds(mutant);
  const how = seed === null ? `not found within ${mutant.within} runs` : `found by seed ${seed}`;
  console.log(`${mutant.name}: ${how}`);
}
