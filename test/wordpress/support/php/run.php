<?php
/**
 * Runs PHP inside WordPress. Reads JSON on stdin, or in the body of a request: root, url, code. Prints a
 * marker, then the returned value as JSON.
 */

$sitebridge_test = json_decode( file_get_contents( 'cli' === PHP_SAPI ? 'php://stdin' : 'php://input' ), true );
$sitebridge_url  = parse_url( $sitebridge_test['url'] );

$_SERVER['HTTP_HOST']      = $sitebridge_url['host'] . ':' . $sitebridge_url['port'];
$_SERVER['REQUEST_URI']    = ( isset( $sitebridge_url['path'] ) ? $sitebridge_url['path'] : '' ) . '/';
$_SERVER['REQUEST_METHOD'] = 'GET';

require $sitebridge_test['root'] . '/wp-load.php';

$sitebridge_value = eval( $sitebridge_test['code'] );
echo "\n--value--\n" . json_encode( $sitebridge_value, JSON_THROW_ON_ERROR );
