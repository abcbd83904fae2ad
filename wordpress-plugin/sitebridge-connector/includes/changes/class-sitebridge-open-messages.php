<?php
/**
 * Completes open messages.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Completes the messages of requests that died, and the messages about terms and the site itself.
 */
final class Sitebridge_Open_Messages {

	/**
	 * The table of messages.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * Builds the messages about posts.
	 *
	 * @var Sitebridge_Post_Message
	 */
	private $posts;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Outbox       $outbox The table of messages.
	 * @param Sitebridge_Post_Message $posts  Builds the messages about posts.
	 */
	public function __construct( Sitebridge_Outbox $outbox, Sitebridge_Post_Message $posts ) {
		$this->outbox = $outbox;
		$this->posts  = $posts;
	}

	/**
	 * Completes the messages of requests that died before they completed them.
	 */
	public function complete_stale() {
		foreach ( $this->outbox->stale() as $row ) {
			$stub = (int) $row->post_id > 0 ? null : json_decode( $row->body, true );
			if ( is_array( $stub ) ) {
				$this->complete_stub( (int) $row->id, $stub );
				continue;
			}
			$body = $this->posts->build( (int) $row->post_id, $row->topic, $row->op_id );
			if ( null === $body ) {
				$this->outbox->remove( (int) $row->id );
			} else {
				$this->outbox->complete( (int) $row->id, $body );
			}
		}
	}

	/**
	 * Completes a message about a term or the site itself.
	 *
	 * @param int   $id   The row.
	 * @param array $stub For a term `taxonomy`, `term_id`, and `was` or `deleting` with `default`; for the site
	 *                    `posts_changed`.
	 */
	public function complete_stub( $id, array $stub ) {
		$topic = isset( $stub['term_id'] ) ? 'terms' : 'site';
		if ( 'site' === $topic ) {
			$body = Sitebridge_Site_Message::site( ! empty( $stub['posts_changed'] ) );
		} elseif ( ! isset( $stub['deleting'] ) ) {
			$body = Sitebridge_Site_Message::term( $stub['taxonomy'], (int) $stub['term_id'], $stub['was'] );
		} elseif ( get_term( (int) $stub['term_id'], $stub['taxonomy'] ) instanceof WP_Term ) {
			// The deletion ended too early: some posts may have lost the term.
			$body = null;
			$this->outbox->add( 0, 'site', '', Sitebridge_Site_Message::site( true ) );
		} else {
			$body = Sitebridge_Site_Message::deleted_term( $stub['deleting'], (int) $stub['default'] );
		}
		if ( null === $body ) {
			$this->outbox->remove( $id );
		} elseif ( ! $this->outbox->complete( $id, $body ) ) {
			// This request took so long that another process completed the row. A new message reports the
			// later changes.
			$this->outbox->add( 0, $topic, '', $body );
		}
	}
}
