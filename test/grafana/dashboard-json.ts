import type * as barchart from '@grafana/grafana-foundation-sdk/barchart';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as stat from '@grafana/grafana-foundation-sdk/stat';
import type * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/*
 * What Grafana's own types say of a dashboard, as it is written in JSON. The SDK leaves options of panels and
 * queries open; here they are those of the panels and data sources that we use.
 */

/** The members of an enum are written as their values. */
type Value<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : never
    : T;

type IsAny<T> = 0 extends 1 & T ? true : false;

export type Json<T> =
  IsAny<T> extends true
    ? unknown
    : T extends readonly (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T as K extends '_implementsDataqueryVariant' ? never : K]: Json<T[K]> }
        : Value<T>;

/** Grafana fills in what is left out of the options. */
type Partly<T> = T extends readonly unknown[] ? T : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;

/** Options, and what is called custom in the configuration of a field, by type of panel. */
interface Visualizations {
  barchart: [barchart.Options, barchart.FieldConfig];
  stat: [stat.Options, never];
  'state-timeline': [statetimeline.Options, statetimeline.FieldConfig];
  table: [table.Options, table.FieldConfig];
  timeseries: [timeseries.Options, timeseries.FieldConfig];
}

/** `format` 0 is a time series, 1 a table, as the QuestDB plugin 0.1.8 reads it. */
export interface SqlTarget {
  refId: string;
  datasource: { type: 'questdb-questdb-datasource'; uid: string };
  queryType: 'sql';
  rawSql: string;
  format: 0 | 1;
  selectedFormat: 0 | 1;
}

export type PromTarget = Json<prometheus.Dataquery> & {
  refId: string;
  datasource: { type: 'prometheus'; uid: string };
  expr: string;
};

interface PanelOf<T extends keyof Visualizations> {
  id: number;
  type: T;
  title: string;
  description?: string;
  gridPos: Json<dashboard.GridPos>;
  datasource: Json<DataSourceRef>;
  /** The shortest step. */
  interval?: string;
  targets: (SqlTarget | PromTarget)[];
  options: Partly<Json<Visualizations[T][0]>>;
  fieldConfig: {
    defaults: Omit<Json<dashboard.FieldConfig>, 'custom'> & { custom?: Partly<Json<Visualizations[T][1]>> };
    overrides: Json<dashboard.FieldConfigSource['overrides']>;
  };
}

export type PanelJson = { [T in keyof Visualizations]: PanelOf<T> }[keyof Visualizations];

/** A dashboard without what Grafana decides itself. */
export type DashboardJson = Omit<Json<dashboard.Dashboard>, 'id' | 'uid' | 'version' | 'panels'> & {
  uid: string;
  title: string;
  templating: { list: Json<dashboard.VariableModel>[] };
  panels: (PanelJson | Json<dashboard.RowPanel>)[];
};
