package weir.flink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.catalog.UniqueConstraint;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.MapType;
import org.apache.flink.types.RowKind;

/**
 * A row as the two lines of a bulk request. The columns `_index` and `_id` say where the document goes, each other
 * column is a field of it; what is NULL is left out. A table without `_id` has its primary key's values, joined by "|",
 * as id.
 */
final class RowDocument {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
  private static final JsonFactory JSON = new JsonFactory();
  private static final Set<LogicalTypeRoot> PLAIN = Set.of(LogicalTypeRoot.CHAR, LogicalTypeRoot.VARCHAR,
      LogicalTypeRoot.VARBINARY, LogicalTypeRoot.BOOLEAN, LogicalTypeRoot.INTEGER, LogicalTypeRoot.BIGINT,
      LogicalTypeRoot.DOUBLE, LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE,
      LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE);
  private static final Set<LogicalTypeRoot> TEXTS =
      Set.of(LogicalTypeRoot.CHAR, LogicalTypeRoot.VARCHAR, LogicalTypeRoot.VARBINARY);

  /** What the columns of a table mean. `index` and `id` are places in `names`, -1 where there is none. */
  record Shape(List<String> names, List<LogicalType> types, String fixedIndex, int index, int id,
      List<Integer> key, boolean replaces, Set<String> without) implements Serializable {}

  /** One action of a bulk request, with its document. */
  record Action(String index, String id, byte[] head, byte[] document) {
    int bytes() {
      return head.length + document.length;
    }
  }

  private final Shape shape;
  private final RowData.FieldGetter[] getters;

  RowDocument(Shape shape) {
    this.shape = shape;
    this.getters = new RowData.FieldGetter[shape.names().size()];
    for (int i = 0; i < getters.length; i++) {
      getters[i] = RowData.createFieldGetter(shape.types().get(i), i);
    }
  }

  static Shape shapeOf(ResolvedSchema schema, String index, ElasticsearchSinkFactory.Operation operation,
      Set<String> without) {
    List<Column> columns = schema.getColumns().stream().filter(Column::isPhysical).toList();
    List<String> names = columns.stream().map(Column::getName).collect(Collectors.toList());
    List<LogicalType> types =
        columns.stream().map(column -> column.getDataType().getLogicalType()).collect(Collectors.toList());
    for (int i = 0; i < names.size(); i++) check(names.get(i), types.get(i));
    List<Integer> key = schema.getPrimaryKey().map(UniqueConstraint::getColumns).orElse(List.of()).stream()
        .map(names::indexOf).collect(Collectors.toList());
    boolean replaces = operation == ElasticsearchSinkFactory.Operation.INDEX;
    int at = names.indexOf("_index"), id = names.indexOf("_id");
    if (at < 0 && index.isEmpty()) {
      throw new ValidationException("The table needs a column `_index` or the option 'index'");
    }
    if (id < 0 && key.isEmpty()) throw new ValidationException("The table needs a column `_id` or a PRIMARY KEY");
    if (replaces && key.isEmpty()) throw new ValidationException("'operation' = 'index' needs a PRIMARY KEY");
    return new Shape(names, types, index, at, id, key, replaces, without);
  }

  private static void check(String name, LogicalType type) {
    boolean fits = PLAIN.contains(type.getTypeRoot());
    if (type instanceof MapType map) {
      fits = TEXTS.contains(map.getKeyType().getTypeRoot()) && TEXTS.contains(map.getValueType().getTypeRoot());
    }
    if (!fits) throw new ValidationException("The column `" + name + "` has a type that is not known here: " + type);
  }

  Action actionOf(RowData row) throws IOException {
    String index = shape.index() < 0 ? shape.fixedIndex() : text(row, shape.index());
    String id = shape.id() >= 0 ? text(row, shape.id())
        : shape.key().stream().map(at -> text(row, at)).collect(Collectors.joining("|"));
    boolean gone = row.getRowKind() == RowKind.DELETE;
    String operation = gone ? "delete" : shape.replaces() ? "index" : "create";
    byte[] document = gone ? new byte[0] : documentOf(row);
    return new Action(index, id, head(operation, index, id), document);
  }

  /** The first line of an action. */
  static byte[] head(String operation, String index, String id) throws IOException {
    return json(json -> {
      json.writeObjectFieldStart(operation);
      json.writeStringField("_index", index);
      json.writeStringField("_id", id);
      json.writeEndObject();
    });
  }

  /** One line of JSON, with its end. */
  static byte[] json(Fill fill) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      fill.into(json);
      json.writeEndObject();
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  interface Fill {
    void into(JsonGenerator json) throws IOException;
  }

  private byte[] documentOf(RowData row) throws IOException {
    return json(json -> {
      for (int i = 0; i < getters.length; i++) {
        Object value = getters[i].getFieldOrNull(row);
        if (i != shape.index() && i != shape.id() && value != null) field(json, i, value);
      }
    });
  }

  private void field(JsonGenerator json, int at, Object value) throws IOException {
    String name = shape.names().get(at);
    if (value instanceof MapData map) {
      Map<String, String> texts = textsOf(map, (MapType) shape.types().get(at));
      if (texts.isEmpty()) return;
      json.writeObjectFieldStart(name);
      for (Map.Entry<String, String> one : texts.entrySet()) json.writeStringField(one.getKey(), one.getValue());
      json.writeEndObject();
    } else if (value instanceof Long number) json.writeNumberField(name, number);
    else if (value instanceof Integer number) json.writeNumberField(name, number);
    else if (value instanceof Double number) json.writeNumberField(name, number);
    else if (value instanceof Boolean truth) json.writeBooleanField(name, truth);
    else json.writeStringField(name, textOf(value));
  }

  private Map<String, String> textsOf(MapData map, MapType type) {
    ArrayData keys = map.keyArray(), values = map.valueArray();
    ArrayData.ElementGetter key = ArrayData.createElementGetter(type.getKeyType());
    ArrayData.ElementGetter value = ArrayData.createElementGetter(type.getValueType());
    Map<String, String> texts = new TreeMap<>();
    for (int i = 0; i < map.size(); i++) {
      Object name = key.getElementOrNull(keys, i), one = value.getElementOrNull(values, i);
      if (name == null || shape.without().contains(textOf(name)) || textOf(name).isEmpty()) continue;
      texts.put(textOf(name).replace('\0', '\ufffd'), one == null ? "" : textOf(one));
    }
    return texts;
  }

  private String text(RowData row, int at) {
    Object value = getters[at].getFieldOrNull(row);
    if (value == null) throw new IllegalStateException("`" + shape.names().get(at) + "` is NULL");
    return textOf(value);
  }

  private static String textOf(Object value) {
    if (value instanceof byte[] bytes) return new String(bytes, StandardCharsets.UTF_8);
    if (value instanceof TimestampData time) return TIME.format(Instant.ofEpochMilli(time.getMillisecond()));
    return value.toString();
  }
}
