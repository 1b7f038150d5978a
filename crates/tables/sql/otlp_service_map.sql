-- Who calls whom, how often, with how many errors and how long it takes: services, and the databases, queues and peers that clients name but that send no spans. A service without any call has a row without a callee. `spans` names a table or view of spans.
-- Example: FROM otlp_service_map(spans := live.spans)
CREATE MACRO otlp_service_map(spans := NULL) AS TABLE
    WITH each AS (
        SELECT DISTINCT ON (trace_id, span_id, CASE WHEN trace_id IS NULL OR span_id IS NULL THEN uuid() END)
               trace_id, span_id, parent_span_id, coalesce(service_name, 'unknown_service') AS service, duration_ns,
               status_code = 'ERROR' AS failed, kind IS NOT DISTINCT FROM 'CONSUMER' AS inward,
               coalesce(attributes->>'db.system.name', attributes->>'db.system') AS database,
               coalesce(attributes->>'messaging.destination.name', attributes->>'messaging.destination') AS queue,
               coalesce(attributes->>'peer.service', attributes->>'service.peer.name',
                        attributes->>'server.address', attributes->>'net.peer.name') AS peer,
               CASE WHEN kind IN ('CLIENT', 'PRODUCER') THEN coalesce(database, queue, peer)
                    WHEN kind = 'CONSUMER' THEN queue END AS remote,
               CASE WHEN remote = database THEN 'database' WHEN remote = queue THEN 'queue' ELSE 'peer' END AS type
        FROM __otlp_relation('spans', spans)
    ),
    pair AS (
        SELECT parent, child
        FROM each AS parent JOIN each AS child
          ON child.trace_id = parent.trace_id AND child.parent_span_id = parent.span_id
    ),
    call AS (SELECT * FROM pair WHERE parent.service <> child.service),
    -- What a call between services tells already; and of calls within each other, as of an SDK and of the HTTP client
    -- that it uses, the inner one, unless that is the one that is answered.
    told AS (
        SELECT parent.trace_id, parent.span_id FROM call
        UNION ALL
        SELECT child.trace_id, child.span_id FROM pair
        WHERE if(parent.service <> child.service, child.inward, parent.inward = child.inward AND parent.remote IS NOT NULL)
        UNION ALL
        SELECT pair.parent.trace_id, pair.parent.span_id
        FROM pair JOIN call ON call.parent.trace_id = pair.child.trace_id AND call.parent.span_id = pair.child.span_id
        WHERE pair.parent.service = pair.child.service AND pair.child.remote IS NOT NULL
    ),
    edge AS (
        SELECT parent.service AS caller, child.service AS callee, 'service' AS type, child.failed AS failed,
               child.duration_ns AS duration_ns
        FROM call
        UNION ALL
        SELECT if(inward, remote, service), if(inward, service, remote), type, failed, duration_ns
        FROM each ANTI JOIN told ON told.trace_id = each.trace_id AND told.span_id = each.span_id
        WHERE remote IS NOT NULL
    ),
    alone AS (
        SELECT service FROM each
        EXCEPT (SELECT caller FROM edge UNION ALL SELECT callee FROM edge)
    )
    SELECT caller, callee, type, count(type) AS calls, count(*) FILTER (failed) AS errors,
           round(quantile_cont(duration_ns, 0.5) / 1e6, 3) AS p50_ms,
           round(quantile_cont(duration_ns, 0.95) / 1e6, 3) AS p95_ms,
           round(quantile_cont(duration_ns, 0.99) / 1e6, 3) AS p99_ms
    FROM (FROM edge UNION ALL SELECT service, NULL, NULL, NULL, NULL FROM alone)
    GROUP BY ALL ORDER BY calls DESC, caller, callee;
