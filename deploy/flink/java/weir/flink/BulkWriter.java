package weir.flink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/**
 * Writes rows by `_bulk`. At a checkpoint everything that came before it is written: a row that is sent again after a
 * restart has the id that it had, and 409 says that it is there. What may pass (no answer, 429, 5xx) is tried again;
 * what Elasticsearch refuses for good goes to the index for that, or fails the job. Nothing is left out.
 */
final class BulkWriter implements SinkWriter<RowData> {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String PATH = "/_bulk?filter_path=items.*.status,items.*.error";
  private static final long PAUSE_MS_MAX = 5_000;
  private static final int REASON_MAX = 2_000;

  private final RowDocument documents;
  private final ElasticsearchSinkFactory.Target target;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final Counter written;
  private final Counter existing;
  private final Counter refused;
  private final Counter repeated;
  /** By index and id: of one document no two states wait, so that no older one is written behind a newer. */
  private final Map<String, RowDocument.Action> waiting = new LinkedHashMap<>();
  private long waitingBytes;
  private int host;

  BulkWriter(RowDocument documents, ElasticsearchSinkFactory.Target target, SinkWriterMetricGroup metrics) {
    this.documents = documents;
    this.target = target;
    this.written = metrics.counter("documentsWritten");
    this.existing = metrics.counter("documentsExisting");
    this.refused = metrics.counter("documentsRefused");
    this.repeated = metrics.counter("bulkRepeated");
  }

  @Override
  public void write(RowData row, Context context) throws IOException, InterruptedException {
    if (row.getRowKind() == RowKind.UPDATE_BEFORE) return; // the new row has the same id
    RowDocument.Action action = documents.actionOf(row);
    if (waitingBytes > 0 && waitingBytes + action.bytes() > target.bytes()) flush(false);
    waiting.put(action.index() + '\0' + action.id(), action);
    waitingBytes += action.bytes();
    if (waiting.size() >= target.rows()) flush(false);
  }

  @Override
  public void flush(boolean endOfInput) throws IOException, InterruptedException {
    List<RowDocument.Action> left = new ArrayList<>(waiting.values());
    long end = System.nanoTime() + target.retryMs() * 1_000_000, pauseMs = 100;
    while (!left.isEmpty()) {
      String fault;
      try {
        int before = left.size();
        Answer answer = send(left);
        left = answer.left();
        if (left.isEmpty()) break;
        if (left.size() < before) pauseMs = 100;
        fault = answer.fault();
      } catch (IOException noAnswer) {
        fault = noAnswer.toString();
        host++;
      }
      if (System.nanoTime() > end) throw new IOException(left.size() + " documents are not written: " + fault);
      repeated.inc();
      Thread.sleep(pauseMs);
      pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2);
    }
    waiting.clear();
    waitingBytes = 0;
  }

  /** What is still to be written, and why. */
  private record Answer(List<RowDocument.Action> left, String fault) {}

  private Answer send(List<RowDocument.Action> actions) throws IOException, InterruptedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream((int) Math.min(waitingBytes + 1024, 1 << 30));
    for (RowDocument.Action action : actions) {
      body.write(action.head());
      body.write(action.document());
    }
    String base = target.hosts().get(Math.floorMod(host, target.hosts().size()));
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + PATH))
        .header("content-type", "application/x-ndjson").timeout(Duration.ofSeconds(60))
        .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
    if (!target.authorization().isEmpty()) request.header("authorization", target.authorization());
    HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    int status = response.statusCode();
    if (status == 200) return sort(actions, MAPPER.readTree(response.body()).path("items"));
    String said = status + " " + cut(new String(response.body(), java.nio.charset.StandardCharsets.UTF_8));
    if (status == 429 || status >= 500) {
      host++;
      return new Answer(actions, said);
    }
    if (status == 413 && actions.size() > 1) return inHalves(actions);
    throw new IllegalStateException("Elasticsearch does not take a bulk request: " + said);
  }

  private Answer inHalves(List<RowDocument.Action> actions) throws IOException, InterruptedException {
    int middle = actions.size() / 2;
    Answer first = send(actions.subList(0, middle));
    Answer second = send(actions.subList(middle, actions.size()));
    List<RowDocument.Action> left = new ArrayList<>(first.left());
    left.addAll(second.left());
    return new Answer(left, first.left().isEmpty() ? second.fault() : first.fault());
  }

  private Answer sort(List<RowDocument.Action> actions, JsonNode items) throws IOException {
    if (items.size() != actions.size()) {
      throw new IOException("The answer has " + items.size() + " items for " + actions.size() + " documents");
    }
    List<RowDocument.Action> left = new ArrayList<>();
    String fault = "";
    for (int i = 0; i < actions.size(); i++) {
      JsonNode item = items.get(i).elements().next();
      int status = item.path("status").asInt();
      String type = item.path("error").path("type").asText();
      if (status == 200 || status == 201) written.inc();
      else if (status == 409) existing.inc();
      else if (status == 404 && actions.get(i).document().length == 0) written.inc(); // deleted already
      else if (status == 400 && !type.isEmpty() && !aboutTheIndex(type)) {
        left.addAll(instead(actions.get(i), cut(item.path("error").toString())));
      } else {
        left.add(actions.get(i));
        fault = status + " " + cut(item.path("error").toString());
      }
    }
    return new Answer(left, fault);
  }

  /** Errors that speak of the index or the cluster, not of the document. */
  private static boolean aboutTheIndex(String type) {
    return type.equals("validation_exception") || type.startsWith("index_") || type.equals("cluster_block_exception")
        || type.equals("resource_already_exists_exception");
  }

  /** What is written in the place of a document that is refused for good. */
  private List<RowDocument.Action> instead(RowDocument.Action action, String reason) throws IOException {
    boolean refusedTwice = action.index().equals(target.refusedIndex());
    if (target.refusedIndex().isEmpty() || refusedTwice) {
      throw new IllegalStateException("Elasticsearch refuses " + action.id() + " of " + action.index() + ": " + reason);
    }
    refused.inc();
    byte[] document = RowDocument.json(json -> {
      json.writeStringField("index", action.index());
      json.writeStringField("reason", reason);
      json.writeStringField("document", new String(action.document(), java.nio.charset.StandardCharsets.UTF_8));
    });
    byte[] head = RowDocument.head("create", target.refusedIndex(), action.id());
    return List.of(new RowDocument.Action(target.refusedIndex(), action.id(), head, document));
  }

  private static String cut(String text) {
    return text.length() > REASON_MAX ? text.substring(0, REASON_MAX) : text;
  }

  @Override
  public void close() {}
}
