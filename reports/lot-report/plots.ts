import { BarChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { visible } from './html.ts';

use([BarChart, GridComponent, SVGRenderer]);

/** A bar: its name, its value, and what is written behind it. Names may be any text. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly label: string;
  readonly isMarked?: boolean;
}

const WIDTH = 720;
const BAR_HEIGHT = 26;
const NAME_WIDTH = 210;

/** Bars that are shown; the table beside a plot has all. */
const SHOWN = 20;

/** Horizontal bars, the first one at the top, as SVG text for a page. Prints in black and white. */
export function barPlot(bars: readonly Bar[]): string {
  const shown = bars.slice(0, SHOWN);
  const height = shown.length * BAR_HEIGHT + 12;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      grid: { left: NAME_WIDTH, right: 90, top: 4, bottom: 4 },
      xAxis: { type: 'value', show: false, min: 0 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: shown.map(({ name }) => visible(name)),
        axisTick: { show: false },
        axisLabel: { width: NAME_WIDTH - 50, overflow: 'truncate', color: '#222', interval: 0 },
      },
      series: [
        {
          type: 'bar',
          barWidth: '60%',
          data: shown.map(({ value, isMarked = false }) => ({
            value,
            itemStyle: { color: isMarked ? '#b3261e' : '#4a6fa5' },
          })),
          label: {
            show: true,
            position: 'right',
            color: '#222',
            formatter: ({ dataIndex }: { dataIndex: number }) => shown[dataIndex]?.label ?? '',
          },
        },
      ],
    });
    return chart.renderToSVGString();
  } finally {
    // Else its timer keeps the process alive.
    chart.dispose();
  }
}
