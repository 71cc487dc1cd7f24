const begun = Date.now();
let sum = 0;
for (let index = 0; index < 1_000_000; index++) {
  sum += index;
}
log(`looped ${Date.now() - begun} ${sum}`);
