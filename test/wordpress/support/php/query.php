<?php
/**
 * Queries a database. Reads JSON on stdin: socket, database, sql. Prints the rows as JSON.
 */

$options = json_decode( stream_get_contents( STDIN ), true );
mysqli_report( MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT );
$database = mysqli_init();
$database->options( MYSQLI_OPT_INT_AND_FLOAT_NATIVE, 1 );
$database->real_connect( null, 'root', '', $options['database'], 0, $options['socket'] );
$database->set_charset( 'utf8mb4' );
$result = $database->query( $options['sql'] );
echo json_encode( is_bool( $result ) ? array() : $result->fetch_all( MYSQLI_ASSOC ), JSON_THROW_ON_ERROR );
