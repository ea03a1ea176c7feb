# What can be asked of a package.
lib: rec {
  getName = package: package.pname or (builtins.parseDrvName (package.name or package)).name;
  getOutput =
    output: package:
    if package.outputSpecified or false then package else package.${output} or package.out or package;
  getBin = getOutput "bin";
  getExe' = package: name: "${getBin package}/bin/${name}";
  getExe =
    package:
    getExe' package (
      package.meta.mainProgram or (throw "getExe: ${getName package} has no meta.mainProgram")
    );
  makeSearchPath = folder: packages: lib.concatMapStringsSep ":" (p: "${p}/${folder}") packages;
  makeBinPath = packages: makeSearchPath "bin" (map getBin packages);
}
