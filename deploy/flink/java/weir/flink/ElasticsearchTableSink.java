package weir.flink;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;

/** A table whose rows become documents: each once with `create`, the last of a key with `index`. */
record ElasticsearchTableSink(RowDocument.Shape shape, ElasticsearchSinkFactory.Target target)
    implements DynamicTableSink {
  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return shape.replaces() ? ChangelogMode.upsert() : ChangelogMode.insertOnly();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return SinkV2Provider.of(new BulkSink(shape, target));
  }

  @Override
  public DynamicTableSink copy() {
    return this;
  }

  @Override
  public String asSummaryString() {
    return "weir-elasticsearch " + target.hosts();
  }

  /** The sink itself, which travels to the TaskManagers. */
  record BulkSink(RowDocument.Shape shape, ElasticsearchSinkFactory.Target target)
      implements Sink<RowData> {
    @Override
    public SinkWriter<RowData> createWriter(WriterInitContext context) throws IOException {
      return new BulkWriter(new RowDocument(shape), target, context.metricGroup());
    }
  }
}
