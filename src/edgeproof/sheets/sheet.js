// Zooming into price: candles are merged to what the picture has room for, trades shown once they can be told apart.
(function () {
  "use strict";
  const island = document.getElementById("markets");
  const place = document.querySelector('[data-figure="price"]');
  if (!island || !place) return;
  const { markets: packed, limits } = JSON.parse(island.textContent);
  const template = window.edgeproof.figures.price;
  const say = document.getElementById("price-says");
  const told = document.getElementById("trade-says");
  const choice = document.getElementById("price-market");
  const finger = window.matchMedia("(pointer: coarse)").matches;
  const unpacked = new Map();
  let market, view, chosen = -1;

  function unpack(text, Kind) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Kind(bytes.buffer);
  }

  function open(number) {
    if (!unpacked.has(number)) {
      const one = packed[number], { trades, parts } = one;
      unpacked.set(number, {
        ...one,
        at: unpack(one.at, Int32Array),
        ...Object.fromEntries(["open", "high", "low", "close"].map((name) => [name, unpack(one[name], Float32Array)])),
        trades: {
          entry: unpack(trades.entry, Int32Array), exit: unpack(trades.exit, Int32Array),
          entryPrice: unpack(trades.entry_price, Float32Array), exitPrice: unpack(trades.exit_price, Float32Array),
          pnl: unpack(trades.pnl, Float32Array), long: unpack(trades.long, Int8Array),
          reason: unpack(trades.reason, Int8Array), reasons: trades.reasons,
        },
        parts: {
          trade: unpack(parts.trade, Int32Array), at: unpack(parts.at, Int32Array),
          price: unpack(parts.price, Float32Array), share: unpack(parts.share, Float32Array),
        },
      });
    }
    market = unpacked.get(number);
    chosen = -1;
    told.textContent = "";
    show(...whole());
  }

  const time = (index) => market.first + market.at[index] * market.length;
  const entry = (trade) => market.first + market.trades.entry[trade] * 1000;
  const exit = (trade) => market.first + market.trades.exit[trade] * 1000;
  const leave = (part) => market.first + market.parts.at[part] * 1000;
  const whole = () => (market.at.length ? [market.first, time(market.at.length - 1) + market.length] : [0, 1]);

  function findFirst(count, holds) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (holds(middle)) high = middle; else low = middle + 1;
    }
    return low;
  }

  // The shortest length that leaves no more columns than the picture has room for; whole weeks double.
  function merge(from, to) {
    const start = findFirst(market.at.length, (i) => time(i) + market.length > from);
    const stop = findFirst(market.at.length, (i) => time(i) > to);
    const lengths = market.lengths.filter((length) => length > market.length && length % market.length === 0);
    let length = market.length, columns = group(start, stop, length);
    while (columns.x.length > limits.columns) {
      length = lengths.length ? lengths.shift() : length * 2;
      columns = group(start, stop, length);
    }
    return { ...columns, length };
  }

  function group(start, stop, length) {
    const seen = { x: [], open: [], high: [], low: [], close: [] };
    let last = -1;
    for (let i = start; i < stop; i++) {
      const column = Math.floor(time(i) / length) * length;
      if (column !== last) {
        last = column;
        seen.x.push(column); seen.open.push(market.open[i]); seen.high.push(market.high[i]);
        seen.low.push(market.low[i]); seen.close.push(market.close[i]);
        continue;
      }
      const at = seen.x.length - 1;
      seen.high[at] = Math.max(seen.high[at], market.high[i]);
      seen.low[at] = Math.min(seen.low[at], market.low[i]);
      seen.close[at] = market.close[i];
    }
    return seen;
  }

  function listTrades(from, to) {
    const found = [];
    for (let i = 0; i < market.trades.entry.length; i++) if (entry(i) <= to && exit(i) >= from) found.push(i);
    return found;
  }

  // Parts are in order of their trades.
  function listParts(trade) {
    const { trade: of } = market.parts, found = [];
    for (let k = findFirst(of.length, (part) => of[part] >= trade); of[k] === trade; k++) found.push(k);
    return found;
  }

  function join(trades) {
    const { entryPrice, exitPrice } = market.trades, x = [], y = [];
    for (const i of trades) {
      x.push(entry(i), exit(i), null);
      y.push(entryPrice[i], exitPrice[i], null);
    }
    for (const i of trades) {
      for (const k of listParts(i)) {
        x.push(entry(i), leave(k), null);
        y.push(entryPrice[i], market.parts.price[k], null);
      }
    }
    return { x, y };
  }

  function mark(found, when, prices, say = describe) {
    return { x: found.map(when), y: found.map((i) => prices[i]), text: found.map(say), hoverinfo: "text" };
  }

  function describe(i) {
    const { long, entryPrice, exitPrice, pnl, reason, reasons } = market.trades, { price, share } = market.parts;
    const before = listParts(i).map((k) => `${number(price[k])} with ${number(share[k] * 100)} % of it, to `).join("");
    return `${long[i] ? "long" : "short"} from ${number(entryPrice[i])} to ${before}${number(exitPrice[i])}, `
      + `${pnl[i] > 0 ? "+" : ""}${number(pnl[i])}, out by ${reasons[reason[i]]}`;
  }

  function sum(seen, from, to) {
    const totals = new Map();
    for (let i = 0; i < market.trades.exit.length; i++) {
      const at = exit(i);
      if (!seen.x.length || at < from || at > to) continue;
      const column = seen.x[Math.max(0, findFirst(seen.x.length, (k) => seen.x[k] > at) - 1)];
      totals.set(column, (totals.get(column) || 0) + market.trades.pnl[i]);
    }
    const x = [...totals.keys()].sort((a, b) => a - b), y = x.map((column) => totals.get(column));
    return { x, y, width: seen.length, marker: { color: y.map((total) => (total > 0 ? "--earned" : "--lost")) } };
  }

  function show(from, to) {
    const [start, end] = whole();
    const span = Math.min(end - start, Math.max(to - from, 12 * market.length));
    from = Math.min(Math.max(from, start), end - span);
    view = [from, from + span];
    const seen = merge(...view), banded = seen.x.length > limits.candles;
    const inView = listTrades(...view), shown = inView.length > limits.trades ? [] : inView;
    const won = (i) => market.trades.pnl[i] > 0, long = (i) => market.trades.long[i] === 1;
    const none = { x: [], y: [] };
    const contents = {
      low: banded ? { x: seen.x, y: seen.low } : none,
      high: banded ? { x: seen.x, y: seen.high } : none,
      close: banded ? { x: seen.x, y: seen.close } : none,
      candle: banded ? { x: [], open: [], high: [], low: [], close: [] } : seen,
      won: join(shown.filter(won)),
      lost: join(shown.filter((i) => !won(i))),
      "long in": mark(shown.filter(long), entry, market.trades.entryPrice),
      "short in": mark(shown.filter((i) => !long(i)), entry, market.trades.entryPrice),
      out: mark(shown, exit, market.trades.exitPrice),
      "part out": mark(shown.flatMap(listParts), leave, market.parts.price, (k) => describe(market.parts.trade[k])),
      result: sum(seen, ...view),
    };
    window.edgeproof.show("price", {
      data: template.data.map((trace) => ({
        ...trace, ...contents[trace.name],
        ...(trace.mode === "markers" ? { marker: { ...trace.marker, size: contents[trace.name].x.length > limits.many ? 5 : 9 } } : {}),
      })),
      layout: {
        ...template.layout,
        xaxis: { ...template.layout.xaxis, range: view, autorange: false, fixedrange: finger },
        yaxis2: { ...template.layout.yaxis2, showticklabels: contents.result.x.length > 0 },
        dragmode: finger ? false : "zoom",
      },
      config: { doubleClick: false, doubleClickDelay: 500 },
    });
    say.textContent = `${date(view[0])} to ${date(view[1])} UTC: ${seen.x.length.toLocaleString("en")} candles of `
      + `${length(seen.length)}${banded ? ", drawn as a band from low to high with the close as a line" : ""}; `
      + `${inView.length.toLocaleString("en")} ${inView.length === 1 ? "trade" : "trades"}`
      + (shown.length === inView.length ? "." : `, too many to tell apart: below is what each column's trades brought. Zoom in.`);
  }

  const date = (ms) => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const number = (value) => Number(value).toPrecision(6).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  function length(ms) {
    const minutes = ms / 60000;
    if (minutes % 1440 === 0) return minutes === 1440 ? "a day" : `${minutes / 1440} days`;
    if (minutes % 60 === 0) return minutes === 60 ? "an hour" : `${minutes / 60} hours`;
    return minutes === 1 ? "a minute" : `${minutes} minutes`;
  }

  function zoom(factor) {
    const middle = (view[0] + view[1]) / 2, half = ((view[1] - view[0]) * factor) / 2;
    show(middle - half, middle + half);
  }

  function visit(trade) {
    const { trades } = market;
    if (!trades.entry.length) return;
    chosen = Math.min(Math.max(trade, 0), trades.entry.length - 1);
    const held = Math.max(exit(chosen) - entry(chosen), 20 * market.length);
    show(entry(chosen) - held, exit(chosen) + held);
    told.textContent = `Trade ${(chosen + 1).toLocaleString("en")} of ${trades.entry.length.toLocaleString("en")}, `
      + `${date(entry(chosen))} to ${date(exit(chosen))} UTC: ${describe(chosen)}.`;
  }

  function findExtreme(better) {
    return market.trades.pnl.reduce((best, pnl, i, all) => (best < 0 || better(pnl, all[best]) ? i : best), -1);
  }

  const actions = {
    whole: () => show(...whole()),
    "zoom in": () => zoom(0.4),
    "zoom out": () => zoom(2.5),
    earlier: () => show(view[0] - (view[1] - view[0]) * 0.7, view[1] - (view[1] - view[0]) * 0.7),
    later: () => show(view[0] + (view[1] - view[0]) * 0.7, view[1] + (view[1] - view[0]) * 0.7),
    "first trade": () => visit(0),
    "trade before": () => visit(chosen - 1),
    "trade after": () => visit(chosen + 1),
    "best trade": () => visit(findExtreme((a, b) => a > b)),
    "worst trade": () => visit(findExtreme((a, b) => a < b)),
  };
  for (const button of document.querySelectorAll("[data-price]")) {
    button.addEventListener("click", actions[button.dataset.price]);
  }
  if (choice) choice.addEventListener("change", () => open(Number(choice.value)));
  // A rectangle drawn with the mouse chooses a span; a double click shows all again.
  place.addEventListener("drawn", () => {
    place.on("plotly_doubleclick", actions.whole);
    place.on("plotly_relayout", (change) => {
      const ends = [change["xaxis.range[0]"], change["xaxis.range[1]"]].map((end) =>
        (typeof end === "string" ? Date.parse(`${end.replace(" ", "T")}Z`) : end));
      if (ends.every(Number.isFinite)) show(...ends);
    });
  }, { once: true });
  open(0);
})();
