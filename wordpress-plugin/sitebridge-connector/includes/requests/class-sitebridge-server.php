<?php
/**
 * Which server this site works with.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A server is its database: it names itself by a UUID that a new database at the same address does not have. What is
 * kept here for one holds for it and this site alone; of the others only the last few are remembered.
 */
final class Sitebridge_Server {

	const OPTION = 'sitebridge_connector_servers';

	/**
	 * So many servers are remembered.
	 */
	const MOST = 10;

	/**
	 * Who speaks in this request, by site of the network.
	 *
	 * @var string[]
	 */
	private static $speaking = array();

	/**
	 * A signed request was accepted.
	 *
	 * @param string $server_id The server's UUID, as its header says; '' from one before keys.
	 * @param int    $site_id   The site's number there.
	 */
	public static function speaks( $server_id, $site_id ) {
		if ( ! self::is_uuid( $server_id ) ) {
			return;
		}
		$server = substr( hash( 'sha256', strtolower( $server_id ) . ' ' . $site_id ), 0, 16 );
		$stored = self::stored();

		self::$speaking[ get_current_blog_id() ] = $server;
		if ( $stored['current'] !== $server ) {
			$stored['current'] = $server;
			update_option( self::OPTION, $stored, false );
		}
	}

	/**
	 * The server that speaks, else the one that spoke last.
	 *
	 * @return string 16 hex digits; '' before the first.
	 */
	public static function current() {
		$blog = get_current_blog_id();

		return isset( self::$speaking[ $blog ] ) ? self::$speaking[ $blog ] : self::stored()['current'];
	}

	/**
	 * Whether the server of this request has named itself.
	 *
	 * @return bool
	 */
	public static function is_named() {
		return isset( self::$speaking[ get_current_blog_id() ] );
	}

	/**
	 * The last write of the current server, by which a server with a restored backup sees what it has forgotten.
	 *
	 * @return string|null A UUID.
	 */
	public static function last_operation() {
		$operations = self::stored()['operations'];
		$server     = self::current();

		return isset( $operations[ $server ] ) ? $operations[ $server ] : null;
	}

	/**
	 * Notes a write of the current server, before anything is written.
	 *
	 * @param string $operation A UUID.
	 * @throws RuntimeException When the database fails.
	 */
	public static function note_operation( $operation ) {
		$stored = self::stored();
		$server = self::current();
		if ( isset( $stored['operations'][ $server ] ) && $stored['operations'][ $server ] === $operation ) {
			return;
		}
		// The newest stands last.
		unset( $stored['operations'][ $server ] );
		$stored['operations'][ $server ] = $operation;
		$stored['operations']            = array_slice( $stored['operations'], -self::MOST, null, true );
		if ( ! update_option( self::OPTION, $stored, false ) ) {
			throw new RuntimeException( 'The operation could not be stored.' );
		}
	}

	/**
	 * Whether a text is a UUID.
	 *
	 * @param mixed $text The text.
	 * @return bool
	 */
	public static function is_uuid( $text ) {
		return is_string( $text ) && 1 === preg_match( '/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iD', $text );
	}

	/**
	 * What is remembered.
	 *
	 * @return array `current` and `operations`.
	 */
	private static function stored() {
		$stored = get_option( self::OPTION, array() );

		return array(
			'current'    => isset( $stored['current'] ) && is_string( $stored['current'] ) ? $stored['current'] : '',
			'operations' => isset( $stored['operations'] ) && is_array( $stored['operations'] ) ? $stored['operations'] : array(),
		);
	}
}
