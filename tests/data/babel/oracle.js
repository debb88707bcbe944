// Renews the expectations in this folder, with Babel in Node as an independent judge:
//   npm install @babel/standalone@7.29.13 && node oracle.js node_modules/@babel/standalone/babel.min.js
// NAME.js is a script; NAME.expected.json is what it is compiled to, or the error that it makes.
const fs = require("fs");
const path = require("path");
const Babel = require(path.resolve(process.argv[2]));

const options = {
  compact: true, minified: true, comments: false, babelrc: false, configFile: false, sourceMaps: false, sourceType: "module",
  parserOpts: {
    allowReturnOutsideFunction: true, allowImportExportEverywhere: true, allowSuperOutsideMethod: true,
    allowUndeclaredExports: true, strictMode: false,
  },
  plugins: `proposal-nullish-coalescing-operator proposal-optional-chaining proposal-optional-catch-binding
    proposal-class-properties proposal-async-generator-functions proposal-object-rest-spread
    proposal-logical-assignment-operators transform-arrow-functions transform-block-scoped-functions
    transform-block-scoping transform-classes/loose transform-computed-properties/loose transform-destructuring
    transform-for-of/loose transform-literals transform-object-super transform-parameters transform-shorthand-properties
    transform-spread transform-sticky-regex transform-template-literals/loose transform-typeof-symbol
    transform-unicode-regex transform-property-literals transform-exponentiation-operator transform-regenerator`
    .split(/\s+/).map((word) => (word.endsWith("/loose") ? [word.slice(0, -6), { loose: true }] : word)),
};

for (const file of fs.readdirSync(__dirname)) {
  if (!file.endsWith(".js") || file === "oracle.js") continue;
  const source = fs.readFileSync(path.join(__dirname, file), "utf8");
  let expected;
  try {
    expected = { code: Babel.transform(source, options).code };
  } catch (error) {
    expected = { error: { name: error.name, message: error.message } };
  }
  const target = path.join(__dirname, file.replace(/\.js$/, ".expected.json"));
  fs.writeFileSync(target, JSON.stringify(expected, null, 2) + "\n");
}
