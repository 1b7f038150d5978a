-- A message with * for its numbers, UUIDs, addresses and every other word that has a digit, so that messages of one kind are one.
-- Example: SELECT otlp_message_shape('cart 5512 of user_7 took 12.5 ms')
CREATE MACRO otlp_message_shape(message) AS
    regexp_replace(
        regexp_replace(message, '[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}', '*', 'g'),
        '\w*\d(\w|[.:]\w)*', '*', 'g');
