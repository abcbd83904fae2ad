<?php
/**
 * Sets the meta of posts.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Sets meta and the featured image, which is a meta value too. Reports why a value was refused.
 */
final class Sitebridge_Item_Meta {

	/**
	 * Sets each meta key separately, so that a refused value does not affect the others.
	 *
	 * @param WP_Post                  $post   The post.
	 * @param WP_REST_Post_Meta_Fields $fields Reads and writes the meta of the post's type.
	 * @param array                    $values Values by name.
	 * @return array[] The refused values, each with `code` and `message`.
	 */
	public static function set( WP_Post $post, WP_REST_Post_Meta_Fields $fields, array $values ) {
		$notes = array();
		$known = Sitebridge_Item_Fields::has_meta( $post->post_type ) ? $fields->get_field_schema()['properties'] : array();
		foreach ( $values as $name => $value ) {
			if ( ! isset( $known[ $name ] ) ) {
				/* translators: %s: a meta key. */
				$notes[] = Sitebridge_Item_Terms::note( 'unknown_meta', sprintf( __( 'The meta key %s is not registered for the REST API here.', 'sitebridge-connector' ), $name ) );
				continue;
			}
			$done = $fields->update_value( array( $name => $value ), $post->ID );
			if ( is_wp_error( $done ) ) {
				$notes[] = Sitebridge_Item_Terms::note( 'meta_refused', $name . ': ' . $done->get_error_message() );
			}
		}

		return $notes;
	}

	/**
	 * Sets the featured image.
	 *
	 * @param WP_Post $post   The post.
	 * @param int     $wanted The attachment's id; 0 for no image.
	 * @return array[] See set().
	 */
	public static function set_picture( WP_Post $post, $wanted ) {
		if ( Sitebridge_Item_Fields::picture( $post ) === $wanted ) {
			return array();
		}
		if ( 0 === $wanted ) {
			delete_post_thumbnail( $post );
		} elseif ( Sitebridge_Item_Fields::has_picture( $post->post_type ) && 'attachment' === get_post_type( $wanted ) && wp_attachment_is_image( $wanted ) ) {
			set_post_thumbnail( $post, $wanted );
		}
		if ( Sitebridge_Item_Fields::picture( $post ) === $wanted ) {
			return array();
		}

		/* translators: %d: the id of an attachment. */
		return array( Sitebridge_Item_Terms::note( 'featured_media_refused', sprintf( __( 'There is no image %d here that could be the featured image.', 'sitebridge-connector' ), $wanted ) ) );
	}
}
